// Real servers on a busy machine: what is not done within a minute will not be.
jest.setTimeout(60_000);
