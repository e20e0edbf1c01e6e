// Compiles where the types made out of the description say what it says.
import type { components, paths } from "./register";

type Sent = paths["/api/v1/heroes/"]["post"]["requestBody"]["content"]["application/json"];
type Query = NonNullable<paths["/api/v1/heroes/"]["get"]["parameters"]["query"]>;

const sent: Sent = { name: "Lamplighter", secret_name: "Edith Wren", age: 41, team_id: null };
const query: Query = { age__gte: 30, ordering: ["-age", "name"], team__isnull: false };
// @ts-expect-error  a member that there is not
const misspelt: Sent = { nmae: "Lamplighter", secret_name: "Edith Wren" };

export function named(hero: components["schemas"]["HeroRow"]): string {
  return `${hero.name}, ${hero.age ?? "of unknown age"}`;
}
export const all = [sent, query, misspelt];
