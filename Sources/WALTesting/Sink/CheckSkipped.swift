/// An error that skips a check, because the fixture doesn't provide its requirements.
struct CheckSkipped: Error {
    let reason: String
}
