// Bundles the pipeline builder, an anywidget, into the Python package.
import { build, context } from 'esbuild';

const options = {
  entryPoints: { builder: 'src/builder/widget.tsx' },
  outdir: 'parflow_jupyter/static',
  bundle: true,
  format: 'esm',
  target: 'es2020',
  jsx: 'automatic',
  // The bundle travels over the kernel's channel with each widget: always the
  // small form, never a source map inside.
  minify: true,
  legalComments: 'eof',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'info'
};

if (process.argv.includes('--watch')) {
  await (await context(options)).watch();
} else {
  await build(options);
}
