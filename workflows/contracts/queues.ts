/** Workflows and their local activities; mail, directory and other outside systems; PDF and other heavy work. */
export const queues = { flow: 'flow', io: 'io', heavy: 'heavy' } as const;
