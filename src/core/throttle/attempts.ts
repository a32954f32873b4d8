import type { AttemptName, AttemptRules } from './throttle.ts';

/** Rules whose counters an admin can find again. */
type NamedRules = AttemptRules & { readonly kind: AttemptName };

/** Kinds of attempts of people and their devices that have limits of their own. */
export type AttemptKind = 'pair' | 'test' | 'login' | 'register' | 'forgot' | 'reset';

/** How far they go. Windows are in seconds. */
export interface AttemptSettings {
  readonly pair_attempts: number;
  readonly pair_window: number;
  readonly test_attempts: number;
  readonly test_window: number;
  readonly login_attempts: number;
  readonly login_window: number;
  readonly register_attempts: number;
  readonly register_window: number;
  readonly forgot_attempts: number;
  readonly forgot_window: number;
  readonly reset_attempts: number;
  readonly reset_window: number;
}

/** How far attempts of this kind go. API and pages share the counters. */
export function attemptRules(settings: AttemptSettings, kind: AttemptKind): NamedRules {
  return { kind: `verstak ${kind}`, max: settings[`${kind}_attempts`], window: settings[`${kind}_window`] };
}

/** Of revoking a device by the password: apart, so that strangers who fail at logins do not keep the owner from it. */
export function revocationRules(settings: AttemptSettings): NamedRules {
  return { ...attemptRules(settings, 'test'), kind: 'verstak revoke', apart: true };
}

/** Of the own password that changing an account asks for once more: apart, as above. */
export function ownPasswordRules(settings: AttemptSettings): AttemptRules {
  return { ...attemptRules(settings, 'test'), kind: 'verstak own-password', apart: true };
}

/** Of having passwords generated for others. */
export function adminResetRules(settings: AttemptSettings): NamedRules {
  return { ...attemptRules(settings, 'reset'), kind: 'verstak admin-reset' };
}

/** Of an admin's password that a deed at a page asks for once more: apart, as above. */
export function adminPasswordRules(settings: AttemptSettings): NamedRules {
  return { ...attemptRules(settings, 'test'), kind: 'verstak admin-password', apart: true };
}
