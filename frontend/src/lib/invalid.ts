import { tick } from 'svelte'

/** Takes whoever tried to go on to the first field that is wrong; its error is said there. */
export async function showFirstError(): Promise<void> {
	await tick()
	document.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] input, [data-invalid] button')?.focus()
}
