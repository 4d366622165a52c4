import { expect, runInNotebook, test } from './story';

test('engines are watched, stopped and adopted one by one', async ({
  page,
  idlePanel: panel,
  dialog
}) => {
  const engine = (id: number) =>
    panel.getByRole('row', { name: new RegExp(`^${id} `) });

  await test.step('start two, with the Python that the dialog proposes', async () => {
    await panel
      .getByRole('button', { name: 'Start new engine processes' })
      .click();
    await expect(
      dialog.getByRole('combobox', { name: 'Launcher' })
    ).toHaveValue('local');
    await expect(dialog.getByRole('combobox', { name: 'Python' })).toHaveValue(
      /python/
    );
    await dialog.getByRole('textbox', { name: 'Number of engines' }).fill('2');
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect(panel.getByRole('row', { name: /idle/ })).toHaveCount(2);
  });

  await test.step('read a log', async () => {
    await engine(1).hover();
    await panel.getByRole('button', { name: 'Show log of engine 1' }).click();
    const log = page.getByRole('log', { name: 'Log of engine 1' });
    await expect(log).toContainText('[Engine]');
    await page
      .getByRole('combobox', { name: 'Process' })
      .selectOption('controller');
    await expect(
      page.getByRole('log', { name: 'Log of controller' })
    ).toContainText('[IPController]');
  });

  await test.step('stop one by keyboard', async () => {
    await panel.getByRole('button', { name: 'Interrupt engine 0' }).focus();
    await page.keyboard.press('ArrowDown');
    await expect(
      panel.getByRole('button', { name: 'Interrupt engine 1' })
    ).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect(
      panel.getByRole('button', { name: 'Stop engine 1' })
    ).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(engine(1)).toHaveCount(0);
    await expect(engine(0)).toHaveCount(1);
  });

  await test.step('read the log of the one that ended', async () => {
    await page.getByRole('combobox', { name: 'Process' }).selectOption('1');
    await expect(
      page.getByRole('option', { name: 'engine 1 (ended)' })
    ).toBeAttached();
    await expect(
      page.getByRole('log', { name: 'Log of engine 1' })
    ).toContainText('[Engine]');
  });

  await test.step('restart the other one', async () => {
    await engine(0).hover();
    await panel.getByRole('button', { name: 'Restart engine 0' }).click();
    await expect(engine(2)).toContainText('idle');
    await expect(engine(0)).toHaveCount(0);
  });

  await test.step('leave it running, and adopt it again', async () => {
    await panel
      .getByRole('button', { name: 'Cleanup started processes' })
      .click();
    await dialog.getByRole('button', { name: 'Leave running' }).click();
    await dialog.getByRole('button', { name: 'Close' }).click();
    const left = panel.getByRole('group', { name: 'Left running' });
    await expect(left).toContainText('2 processes were left running');
    await left.getByRole('button', { name: 'Adopt' }).click();
    await expect(left).toBeHidden();
    await expect(panel).toContainText('1 engine, 1 started here');
  });

  await test.step('lose the server, and find it again', async () => {
    const routes = /\/parflow\//;
    await page.route(routes, route => route.abort());
    await expect(panel.getByRole('alert')).toContainText('No connection');
    // What stands there is dimmed, and nobody is told of it as if it were true.
    await expect(panel.getByRole('row')).toHaveCount(0);
    await page.unroute(routes);
    await expect(panel.getByRole('row', { name: /idle/ })).toHaveCount(1);
    await expect(panel.getByRole('alert')).toHaveCount(0);
  });

  await test.step('shut the cluster down', async () => {
    await panel
      .getByRole('button', { name: 'Request cluster shutdown' })
      .click();
    await dialog.getByRole('button', { name: 'Shut down' }).click();
    await expect(panel).toContainText('No engines yet');
  });
});

const MAP = `import parflow_jupyter as pf, time

def nap(x):
    time.sleep(0.5)
    if x == 1:
        raise ValueError(x)

print(pf.schemes()["processes"], list(pf.schemes())[0])
result = pf.parallel_map(nap, range(2000), on_error="collect", label="naps", block=False)`;

test('the schemes are arranged, and a map is followed and cancelled', async ({
  page,
  idlePanel: panel,
  tmpPath
}) => {
  const schemes = panel.getByRole('region', { name: 'Schemes' });
  const names = schemes.getByRole('checkbox');
  const workers = schemes.getByRole('textbox', {
    name: 'Workers of processes'
  });
  const up = schemes.getByRole('button', { name: 'Move processes up' });

  await test.step('a map would not take engines, and it is said why', async () => {
    await expect(schemes.getByRole('listitem').first()).toContainText(
      'not available: no engines are connected'
    );
  });

  await test.step('arrange them by keyboard', async () => {
    await workers.focus();
    await page.keyboard.type('three');
    await page.keyboard.press('Enter');
    await expect(schemes.getByRole('alert')).toContainText('"three"');
    await workers.fill('1');
    await page.keyboard.press('Enter');
    await expect(schemes).toContainText('first choice · 1 process of');
    await up.focus();
    for (const place of [1, 0]) {
      await page.keyboard.press('Enter');
      await expect(names.nth(place)).toHaveAccessibleName('processes');
      await expect(up).toBeFocused();
    }
    await schemes.getByRole('checkbox', { name: 'threads' }).focus();
    await page.keyboard.press('Space');
    await expect(schemes).toContainText('switched off');
  });

  await test.step('the kernel knows, and its map shows', async () => {
    await page.sidebar.openTab('filebrowser');
    await runInNotebook(page, tmpPath, MAP);
    await expect(page.locator('.jp-OutputArea').first()).toContainText(
      "{'enabled': True, 'workers': 1} processes"
    );
    await page.sidebar.openTab('parflow-jupyter-panel');
    const maps = panel.getByRole('region', { name: 'Running maps' });
    await expect(maps).toContainText('1 failed · processes');
    await maps.getByRole('button', { name: 'Cancel naps' }).click();
    await expect(maps).toContainText('No map is running.');
    await maps.getByText('Recent runs').click();
    await expect(
      maps.getByRole('listitem').filter({ hasText: 'naps' })
    ).toContainText('cancelled');
  });

  await test.step('put everything back', async () => {
    await schemes.getByRole('button', { name: 'Move processes down' }).click();
    await expect(names.first()).toHaveAccessibleName('ipyparallel');
    await schemes.getByRole('checkbox', { name: 'threads' }).check();
    await workers.fill('');
    await page.keyboard.press('Enter');
    await expect(workers).toHaveAttribute('placeholder', 'auto');
  });
});
