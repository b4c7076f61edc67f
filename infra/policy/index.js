// Pulumi's runner of policy packs compiles and type-checks every TypeScript file that it loads. It loads this JavaScript
// file instead, and Node runs the TypeScript behind it as it is.
import './main.ts';
