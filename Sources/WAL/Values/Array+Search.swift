extension Array {
    /// Returns the number of elements at the front for which a condition holds. It holds for no element after them.
    @inline(__always)
    func prefixCount(where condition: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
