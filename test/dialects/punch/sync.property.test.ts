import fc from 'fast-check';
import { test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, newUser, openServer } from '../../support/served.ts';
import { apiOf, punchOf } from './open-punch.ts';
import { call, Model, step, Team } from './simulation.ts';

forEachEngine('a random history of punches', engine => {
  const numRuns = engine.name === 'embedded' ? 60 : 8;
  const options = { timeout: 240_000 };

  test('sent one call after the other leaves what the rules say', options, async () => {
    const { server } = await openServer(engine, { options: { STORE_TOKEN_EXPIRATION: '100000' } });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 25 }), async calls => {
        const api = apiOf(server, (await newUser(server)).headers);
        const start = server.clock.now();
        const model = new Model();
        let count = 0;
        for (const made of calls) {
          if (made.kind === 'wait') server.clock.advance(made.ms);
          if (made.kind === 'delete') {
            await api.remove(...made.ids);
            model.delete(made.ids, server.clock.now());
          }
          if (made.kind === 'upload') {
            const punches = made.punches.map(({ id, time }) =>
              punchOf({ id, updated: start + time, project: `${++count}` }),
            );
            await api.upload(...punches);
            model.upload(punches);
          }
        }
        await model.compare(api);
      }),
      { numRuns },
    );
  });

  test.each([
    ['one step after the other', false],
    ['all at once', true],
  ])('of three clients at two servers, %s, ends with all of them agreeing', options, async (_, atOnce) => {
    const served = await openServer(engine);
    const other = await anotherServer(served);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        const { headers } = await newUser(served.server);
        const apis = [served.server, other, served.server].map(server => apiOf(server, headers));
        const team = new Team(apis, served.server.clock.now());
        const lanes = atOnce ? apis.map((_, n) => steps.filter(({ client }) => client === n)) : [steps];
        await Promise.all(
          lanes.map(async lane => {
            for (const one of lane) await team.play(one);
          }),
        );
        await team.demandAgreement();
      }),
      { numRuns },
    );
  });
});
