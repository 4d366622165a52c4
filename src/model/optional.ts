import { ApiError } from '../api/errors';

/** Something that older servers can't tell: asked for until they say so, then left alone. */
export class Optional<T> {
  constructor(private readonly _ask: () => Promise<T>) {}

  /** What was told last, or null. */
  get value(): T | null {
    return this._value;
  }

  /** Ask, and return what takes the answer over. */
  async ask(): Promise<() => void> {
    if (!this._isThere) {
      return () => undefined;
    }
    const turn = this._turn;
    try {
      const value = await this._ask();
      // What was set meanwhile is newer.
      return () => turn === this._turn && this._take(value);
    } catch (error) {
      if (error instanceof ApiError && [404, 501].includes(error.status)) {
        this._isThere = false;
        return () => this._take(null);
      }
      throw error;
    }
  }

  set(value: T): void {
    this._turn += 1;
    this._take(value);
  }

  /** It seems to be there after all. */
  expect(): void {
    this._isThere = true;
  }

  private _take(value: T | null): void {
    this._value = value;
  }

  private _value: T | null = null;
  private _isThere = true;
  private _turn = 0;
}
