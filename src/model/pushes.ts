// Pushes of manifests, as they are remembered.

/** Pushes that are kept of one tag, and of one digest without a tag. */
export const mostPushes = 100;
