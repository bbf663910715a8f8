/** What the daemon says of itself and its network. */
import { computed, signal } from '@preact/signals';
import type { AnswerOf, StatusJson } from '../../client/contract.ts';

export const status = signal<StatusJson | undefined>(undefined);
export const network = signal<AnswerOf<'network'> | undefined>(undefined);

export const maxBlockBytes = computed(() => network.value?.params.maxBlockBytes ?? 1);
