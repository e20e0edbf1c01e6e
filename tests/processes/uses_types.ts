// Compiles if the types that are generated from the description are correct.
import type { components, paths } from "./register";

type Body = paths["/api/v1/heroes/"]["post"]["requestBody"]["content"]["application/json"];
type Query = NonNullable<paths["/api/v1/heroes/"]["get"]["parameters"]["query"]>;

const body: Body = { name: "Lamplighter", secret_name: "Edith Wren", age: 41, team_id: null };
const query: Query = { age__gte: 30, ordering: ["-age", "version"], id__in: [1, 2], team__isnull: false };
// @ts-expect-error  an unknown member
const misspelled: Body = { nmae: "Lamplighter", secret_name: "Edith Wren" };

export function describe(hero: components["schemas"]["HeroRow"]): string {
  return `${hero.name}, ${hero.age ?? "of unknown age"}`;
}
export const all = [body, query, misspelled];
