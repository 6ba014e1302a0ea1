/** What a write changes in memory: once it is committed, or to take back what it reserved. */
export interface Effects {
  readonly begin: (() => void)[];
  readonly undo: (() => void)[];
  apply(): void;
  takeBack(): void;
}

export function createEffects(): Effects {
  const begin: (() => void)[] = [];
  const undo: (() => void)[] = [];
  return {
    begin,
    undo,
    apply() {
      for (const act of begin) act();
    },
    takeBack() {
      for (const act of undo.splice(0)) act();
      begin.length = 0;
    },
  };
}
