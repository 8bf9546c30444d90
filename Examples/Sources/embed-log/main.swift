import WAL

let log = try await WriteAheadLog.open(at: "example.wal")
let sequence = try await log.append(Array("paid 20 to Ann".utf8))
try await log.waitUntilDurable(sequence)

let reader = log.reader(from: 1)
while let record = try reader.next() {
    print(record.sequence.rawValue, record.time, String(decoding: record.payload, as: UTF8.self))
}
try await log.close()
