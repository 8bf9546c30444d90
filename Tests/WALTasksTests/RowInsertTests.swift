import Testing
import WALTasks

/// An INSERT of one row of parameters in its parts.
@Suite struct RowInsertTests {
    private static let inserts: [(RowInsert.Dialect, [(sql: String, head: String, tail: String)])] = [
        (
            .postgres,
            [
                ("INSERT INTO t VALUES ($1, $2)", "INSERT INTO t", ""),
                (" insert  into s.t as x(a,b)values( $1 ,$2 ) ; ", " insert  into s.t as x(a,b)", ""),
                (
                    "INSERT INTO \"My (Table\" (\"a\", b)\nVALUES ($1, $2)\nON CONFLICT (a) DO UPDATE SET b = excluded.b ",
                    "INSERT INTO \"My (Table\" (\"a\", b)", "ON CONFLICT (a) DO UPDATE SET b = excluded.b"
                ),
                ("INSERT INTO é VALUES ($1,$2) on conflict do nothing", "INSERT INTO é", "on conflict do nothing"),
            ]
        ),
        (
            .mysql,
            [
                ("INSERT INTO t VALUES (?, ?)", "INSERT INTO t", ""),
                (
                    "insert into `my (table`.t (`a`,b) values(?,?) on duplicate key update b = VALUES(b) ",
                    "insert into `my (table`.t (`a`,b)", "on duplicate key update b = VALUES(b)"
                ),
                (
                    "INSERT INTO t VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE b = new.b", "INSERT INTO t",
                    "AS new ON DUPLICATE KEY UPDATE b = new.b"
                ),
            ]
        ),
    ]

    @Test(arguments: inserts)
    func anInsertOfOneRowIsTakenApart(
        _ dialect: RowInsert.Dialect, _ cases: [(sql: String, head: String, tail: String)]
    ) throws {
        for (sql, head, tail) in cases {
            let insert = try #require(RowInsert(sql, parameterCount: 2, dialect), "\(sql)")
            #expect(insert.head == head && insert.tail == tail)
        }
    }

    private static let others: [(RowInsert.Dialect, [String])] = [
        (
            .postgres,
            [
                "INSERT INTO t VALUES ($1, $2 + 1)", "INSERT INTO t VALUES ($2, $1)",
                "INSERT INTO t VALUES ($1, $2, 3)",
                "INSERT INTO t VALUES ($1, $2), (3, 4)", "INSERT INTO t VALUES ($1, $2) RETURNING a",
                "INSERT INTO t VALUES ($1, $22)",
                "INSERT INTO t VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = (SELECT max(b) FROM t)",
                "INSERT INTO t VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = $2", "INSERT INTO t VALUES ($1, $1)",
                "INSERT INTO t SELECT $1, $2", "INSERT INTO t (a, b) SELECT x, y FROM u",
                "INSERT INTO \"a\"\"b\" VALUES ($1, $2)",
                "UPDATE t SET a = $1 WHERE b = $2", "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES ($1, $2)", "INSERT",
                "",
                "INSERT INTO t VALUES ($1, $2); SELECT 1", "/* a */ INSERT INTO t VALUES ($1, $2)",
                "INSERT INTO t DEFAULT VALUES",
                "INSERT INTO t VALUES ($1, $2) -- ON CONFLICT DO NOTHING",
            ]
        ),
        (
            .mysql,
            [
                "INSERT INTO t VALUES (?, ? + 1)", "INSERT INTO t VALUES (?, ?, 3)",
                "INSERT INTO t VALUES (?, ?), (3, 4)",
                "INSERT INTO t VALUES (?, ?) RETURNING a", "INSERT INTO t VALUES (?, 1) ON DUPLICATE KEY UPDATE b = ?",
                "INSERT INTO t VALUES (?, ?) ON DUPLICATE KEY UPDATE b = (SELECT max(b) FROM u)",
                "INSERT INTO t SELECT ?, ?", "INSERT IGNORE INTO t VALUES (?, ?)", "REPLACE INTO t VALUES (?, ?)",
                "INSERT INTO t SET a = ?, b = ?", "UPDATE t SET a = ? WHERE b = ?",
                "INSERT INTO t VALUES (?, ?); SELECT 1",
            ]
        ),
    ]

    @Test(arguments: others)
    func otherStatementsAreNone(_ dialect: RowInsert.Dialect, _ statements: [String]) {
        for sql in statements { #expect(RowInsert(sql, parameterCount: 2, dialect) == nil, "\(sql)") }
    }
}
