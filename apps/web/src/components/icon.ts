/** One weight for all icons. */
export const ICON = { size: 20, strokeWidth: 1.75, 'aria-hidden': true } as const;
export const SMALL_ICON = { size: 16, strokeWidth: 1.75, 'aria-hidden': true } as const;
