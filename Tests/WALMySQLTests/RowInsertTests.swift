#if MySQL
    import Testing

    @testable import WALTasks

    /// An INSERT that can take many rows.
    @Suite struct RowInsertTests {
        @Test(arguments: [
            ("INSERT INTO t VALUES (?, ?)", "INSERT INTO t", ""),
            (
                "insert into `my (table`.t (`a`,b) values(?,?) on duplicate key update b = VALUES(b) ",
                "insert into `my (table`.t (`a`,b)", "on duplicate key update b = VALUES(b)"
            ),
            (
                "INSERT INTO t VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE b = new.b", "INSERT INTO t",
                "AS new ON DUPLICATE KEY UPDATE b = new.b"
            ),
        ])
        func anInsertOfOneRowIsTakenApart(sql: String, head: String, tail: String) throws {
            let insert = try #require(RowInsert(sql, parameterCount: 2, .mysql))
            #expect(insert.head == head && insert.tail == tail)
        }

        @Test(arguments: [
            "INSERT INTO t VALUES (?, ? + 1)", "INSERT INTO t VALUES (?, ?, 3)", "INSERT INTO t VALUES (?, ?), (3, 4)",
            "INSERT INTO t VALUES (?, ?) RETURNING a", "INSERT INTO t VALUES (?, 1) ON DUPLICATE KEY UPDATE b = ?",
            "INSERT INTO t VALUES (?, ?) ON DUPLICATE KEY UPDATE b = (SELECT max(b) FROM u)",
            "INSERT INTO t SELECT ?, ?", "INSERT IGNORE INTO t VALUES (?, ?)", "REPLACE INTO t VALUES (?, ?)",
            "INSERT INTO t SET a = ?, b = ?", "UPDATE t SET a = ? WHERE b = ?", "INSERT INTO t VALUES (?, ?); SELECT 1",
        ])
        func otherStatementsAreNone(sql: String) {
            #expect(RowInsert(sql, parameterCount: 2, .mysql) == nil)
        }
    }
#endif
