/** A message: a text, or one for each plural category of its value `count`. `{name}` stands for a value. */
export type Message = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

/** Messages by the subject and the name they have in it. */
export type Messages = Readonly<Record<string, Readonly<Record<string, Message>>>>;
