/** What browsers have and jsdom has not. */
import { act } from '@testing-library/react';

// React Flow measures its cards, and shows them only then.
class InstantResizeObserver implements ResizeObserver {
  constructor(private readonly _callback: ResizeObserverCallback) {}

  observe(target: Element): void {
    const contentRect = { width: 200, height: 100 } as DOMRectReadOnly;
    this._callback([{ target, contentRect } as ResizeObserverEntry], this);
  }

  unobserve(): void {
    // Nothing is observed for longer than a moment.
  }

  disconnect(): void {
    // As above.
  }
}

class FlatMatrix {
  readonly m22 = 1;
}

Object.assign(globalThis, {
  ResizeObserver: InstantResizeObserver,
  DOMMatrixReadOnly: FlatMatrix
});

// JupyterLab looks for it as soon as it is loaded, and warns without.
Object.assign(navigator, { clipboard: {} });

for (const [name, size] of [
  ['offsetWidth', 200],
  ['offsetHeight', 100]
] as const) {
  Object.defineProperty(HTMLElement.prototype, name, {
    configurable: true,
    get: () => size
  });
}

HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true;
};

HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  if (this.open) {
    this.open = false;
    queueMicrotask(() =>
      act(() => void this.dispatchEvent(new Event('close')))
    );
  }
};
