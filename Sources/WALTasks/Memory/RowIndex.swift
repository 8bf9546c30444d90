/// A hash table from keys to numbers of rows. It keeps no keys: its owner compares them.
struct RowIndex {
    /// The place of a key, until the next change of the index.
    struct Slot {
        fileprivate var index: Int
        fileprivate var hash: UInt32
        /// The key's row. Nil if the index doesn't have the key.
        private(set) var row: Int?
    }

    private struct Cell {
        /// A part of the key's hash, so that few keys are compared in vain.
        var hash: UInt32
        /// The row plus one. 0 for none.
        var number: UInt32
    }

    // Their number is a power of two, and at least a quarter of them have no row.
    private var cells = Array(repeating: Cell(hash: 0, number: 0), count: 16)
    private var count = 0

    /// Returns the place of the key with a hash for which `isKey` is true.
    func slot(of hash: Int, where isKey: (Int) -> Bool) -> Slot {
        let hash = UInt32(truncatingIfNeeded: hash)
        var index = Int(hash) & (cells.count - 1)
        while true {
            let cell = cells[index]
            guard cell.number > 0 else { return Slot(index: index, hash: hash, row: nil) }
            if cell.hash == hash, isKey(Int(cell.number) - 1) {
                return Slot(index: index, hash: hash, row: Int(cell.number) - 1)
            }
            index = (index + 1) & (cells.count - 1)
        }
    }

    /// Sets the row of the key of a place.
    mutating func set(_ row: Int, at slot: Slot) {
        cells[slot.index] = Cell(hash: slot.hash, number: UInt32(row + 1))
        guard slot.row == nil else { return }
        count += 1
        if count > cells.count / 4 * 3 { grow() }
    }

    private mutating func grow() {
        let old = cells
        cells = Array(repeating: Cell(hash: 0, number: 0), count: 2 * old.count)
        for cell in old where cell.number > 0 {
            var index = Int(cell.hash) & (cells.count - 1)
            while cells[index].number > 0 { index = (index + 1) & (cells.count - 1) }
            cells[index] = cell
        }
    }
}
