/** Binary search for the first element that holds, after those that do not; the length of the list when none does. */
export const firstIndex = <A>(sorted: ReadonlyArray<A>, holds: (element: A) => boolean): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const element = sorted[middle]
    if (element === undefined || holds(element)) high = middle
    else low = middle + 1
  }
  return low
}
