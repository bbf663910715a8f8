/** `tally …`: what a person types. Entered by way of `tally.js`. */

// The reader of a pipe may have seen enough: `tally chain | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const [{ createProgram }, { report }] = await Promise.all([import('./program.ts'), import('./errors.ts')]);
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
