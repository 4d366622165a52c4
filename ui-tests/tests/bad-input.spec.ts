import { expect, test } from './story';

test('a wrong number of engines is refused with its value and the way out', async ({
  idlePanel,
  dialog
}) => {
  await idlePanel
    .getByRole('button', { name: 'Start new engine processes' })
    .click();
  const number = dialog.getByRole('textbox', { name: 'Number of engines' });
  for (const [typed, named] of [
    ['0', "Can't start 0 engines"],
    ['-1', "Can't start -1 engines"],
    ['10000', "Can't start 10000 engines"],
    ['two', "Can't start 'two' engines"]
  ]) {
    await number.fill(typed);
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    const message = dialog.getByRole('alert').filter({ hasText: named });
    await expect(message).toContainText('give a whole number from 1 to');
    await expect(number).toHaveValue(typed);
  }
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await expect(idlePanel).toContainText('No engines yet');
});

test('a wrong name of a profile is refused with the name and the way out', async ({
  idlePanel,
  dialog
}) => {
  await idlePanel.getByRole('button', { name: 'Change profile' }).click();
  await expect(dialog.getByRole('radio', { name: 'default' })).toBeChecked();
  for (const typed of ['my/profile', '']) {
    await dialog.getByRole('textbox', { name: 'New profile' }).fill(typed);
    await dialog.getByRole('button', { name: 'Create' }).click();
    const message = dialog
      .getByRole('alert')
      .filter({ hasText: `'${typed}' is no profile name` });
    await expect(message).toContainText('use letters, digits');
  }
  await expect(dialog.getByRole('radio')).toHaveCount(1);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
});
