// Files that the executable carries: packed ones by their path, ours as text.
declare module "*.js.gz" {
  const path: string;
  export default path;
}
declare module "*.css.gz" {
  const path: string;
  export default path;
}
declare module "*.txt.gz" {
  const path: string;
  export default path;
}
declare module "*.json.gz" {
  const path: string;
  export default path;
}
declare module "*/try-it.js" {
  const text: string;
  export default text;
}
