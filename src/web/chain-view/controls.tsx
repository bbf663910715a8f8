/** Moves through the whole history: live or paused, a slider over all heights, and a jump to one. */
import { useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { follow, frontHeight, isFollowing, lookAt, pause, position } from './camera.ts';

export function ChainControls() {
  const [height, setHeight] = useState('');
  const top = frontHeight.value - 1;
  const shown = Math.max(0, Math.min(top, Math.round(position.value) - 1));
  return (
    <div class="chain-controls">
      <button
        type="button"
        class={`button ${isFollowing.value ? '' : 'primary'}`}
        onClick={isFollowing.value ? pause : follow}
      >
        <Icon name={isFollowing.value ? 'pause' : 'play'} />
        {isFollowing.value ? 'Pause' : 'Go live'}
      </button>
      <label class="scrubber">
        <span class="hidden">Height shown</span>
        <input
          type="range"
          min={0}
          max={Math.max(1, top)}
          value={shown}
          style={{ '--share': `${(100 * shown) / Math.max(1, top)}%` }}
          aria-valuetext={`block ${shown} of ${top}`}
          onInput={(event) => lookAt(Number(event.currentTarget.value) + 1)}
        />
      </label>
      <form
        class="jump"
        onSubmit={(event) => {
          event.preventDefault();
          if (height !== '') lookAt(Math.min(Number(height), top) + 2);
        }}
      >
        <label>
          <span class="hidden">Jump to height</span>
          <input
            type="text"
            inputMode="numeric"
            pattern="[0-9]*"
            placeholder="Height"
            value={height}
            onInput={(event) => setHeight(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Go
        </button>
      </form>
    </div>
  );
}
