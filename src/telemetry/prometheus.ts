// What is used of prom-client. Its index also loads Node's cluster and HTTP modules and a tracing library, for things that nobody
// asks for here: ten megabytes of memory, and a tenth of the time of a start.
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";

export { Counter, Gauge, Histogram, Registry };
