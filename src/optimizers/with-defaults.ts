/**
 * Defaults, with what was given in their place: from several configs, of which the first counts that has a setting.
 * undefined and null count as not given, and what has no default is passed over.
 */
export function withDefaults<Settings extends object>(
  defaults: Settings,
  ...configs: readonly object[]
): Settings {
  const given = configs.flatMap((config) => Object.entries(config)).reverse();
  const known = given.filter(
    ([key, value]) => Object.hasOwn(defaults, key) && value !== undefined && value !== null,
  );
  return { ...defaults, ...Object.fromEntries(known) };
}
