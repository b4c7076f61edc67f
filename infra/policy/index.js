// Pulumi's runner of policy packs puts a compiler with its type check before every TypeScript file that it loads itself.
// From a JavaScript file on, Node runs the TypeScript as it is.
import './main.ts';
