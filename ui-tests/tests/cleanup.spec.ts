import { expect, test } from './story';

test('an engine that is left running outlives the page, and ends by a shutdown', async ({
  page,
  idlePanel: panel,
  dialog
}) => {
  const engine = panel.getByRole('row', { name: /idle/ });
  const press = (name: string) => panel.getByRole('button', { name }).click();

  await test.step('start one engine', async () => {
    await press('Start new engine processes');
    await dialog.getByRole('textbox', { name: 'Number of engines' }).fill('1');
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect(engine).toHaveCount(1);
  });

  await test.step('leave it running', async () => {
    await press('Cleanup started processes');
    await expect(dialog).toContainText('1 engine and the controller');
    await dialog.getByRole('button', { name: 'Leave running' }).click();
    await expect(
      dialog.getByRole('row', { name: /engine.*left running/ })
    ).toHaveCount(1);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(dialog).toBeHidden();
  });

  await test.step('see it in a new page', async () => {
    await page.reload();
    await page.sidebar.openTab('parflow-jupyter-panel');
    await expect(engine).toHaveCount(1);
  });

  await test.step('shut it down', async () => {
    await press('Request cluster shutdown');
    await dialog.getByRole('button', { name: 'Shut down' }).click();
    await expect(dialog).toBeHidden();
    await expect(panel).toContainText('No engines yet');
  });
});
