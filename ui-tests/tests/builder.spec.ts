import { expect, runInNotebook, test } from './story';

const PIPELINE = `import parflow_jupyter as pf

@pf.module
def step(x: int = 1) -> int:
    return x

p = pf.Pipeline("chain")
steps = [p.add(step) for _ in range(3)]
for before, after in zip(steps, steps[1:]):
    p.connect(before["result"], after["x"])
pf.PipelineBuilder(p)`;

test('the builder shows all modules, also when it gets narrower', async ({
  page,
  tmpPath
}) => {
  const builder = page.getByRole('group', { name: 'Pipeline chain' });
  const modules = builder.getByRole('group', { name: /^module step/ });
  const insideAll = async () => {
    const frame = await builder.boundingBox();
    const boxes = await Promise.all(
      (await modules.all()).map(module => module.boundingBox())
    );
    return boxes.map(
      box =>
        !!frame &&
        !!box &&
        box.x > frame.x &&
        box.y > frame.y &&
        box.x + box.width < frame.x + frame.width &&
        box.y + box.height < frame.y + frame.height
    );
  };

  await runInNotebook(page, tmpPath, PIPELINE);
  await expect.poll(insideAll).toEqual([true, true, true]);

  await page.setViewportSize({ width: 900, height: 900 });
  await expect
    .poll(async () => (await builder.boundingBox())?.width)
    .toBeLessThan(700);
  await expect.poll(insideAll).toEqual([true, true, true]);
});
