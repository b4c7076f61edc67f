import { marked } from 'marked';
import { markdown } from './markdown.ts';
import type { Report } from './report.ts';

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328; background: #fff; }
h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em; }
details { border: 1px solid #d1d9e0; border-radius: 6px; padding: .5rem 1rem; margin: .75rem 0; }
summary { cursor: pointer; font-weight: 600; }
code, pre { font: 13px/1.45 ui-monospace, monospace; background: #f6f8fa; border-radius: 4px; }
code { padding: .1em .3em; overflow-wrap: anywhere; }
pre { padding: .75rem; overflow: auto; }
pre code { padding: 0; background: none; }
table { border-collapse: collapse; }
td, th { border: 1px solid #d1d9e0; padding: .25rem .6rem; }
@media (prefers-color-scheme: dark) {
  body { color: #f0f6fc; background: #0d1117; }
  code, pre { background: #151b23; }
  h2, details, td, th { border-color: #3d444d; }
}`;

/** The whole report as one page that needs nothing else. */
export async function html(report: Report): Promise<string> {
  const body = await marked.parse(markdown(report), { gfm: true });
  const title = `${report.stack}: ${report.headline}`.replace(/[&<>]/g, ' ');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${style}</style>
${body}
</html>
`;
}
