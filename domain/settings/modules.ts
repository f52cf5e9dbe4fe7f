/** Parts of the product an organisation switches on and off for itself; each stands on the page of modules with words of its own. */
export const moduleNames = ['group_signing', 'outside_phone', 'outside_key'] as const;
export type ModuleName = (typeof moduleNames)[number];

/** Name of the setting that says whether a module is on. */
export const moduleSetting = (name: ModuleName): string => `module.${name}`;
