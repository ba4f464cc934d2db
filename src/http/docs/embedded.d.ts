// Files that the executable carries for the explorer: the packed script by its path, ours as text.
declare module "*.js.gz" {
  const path: string;
  export default path;
}
declare module "*/try-it.js" {
  const text: string;
  export default text;
}
