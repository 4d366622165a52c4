import { expect, runInNotebook, test } from './story';

const NOBODY = `import parflow_jupyter as pf, threading
thread = threading.Thread(target=pf.get_client)
thread.start()
thread.join()`;

test('a notebook that can ask nobody offers a button that starts engines', async ({
  page,
  panel,
  dialog,
  tmpPath
}) => {
  const output = page.locator('.jp-OutputArea').first();
  await runInNotebook(page, tmpPath, NOBODY);
  await expect(output).toContainText('nobody can be asked');
  const button = output.getByRole('button', { name: 'Start engines' });
  await button.focus();
  await page.keyboard.press('Enter');
  await expect(output.getByRole('status')).toContainText(
    /engines? started\. Run the cell again\./
  );
  await expect(button).toBeHidden();

  await page.sidebar.openTab('parflow-jupyter-panel');
  await expect(panel.getByRole('row', { name: /idle/ })).not.toHaveCount(0);
  await panel.getByRole('button', { name: 'Request cluster shutdown' }).click();
  await dialog.getByRole('button', { name: 'Shut down' }).click();
  await expect(panel).toContainText('No engines yet');
});
