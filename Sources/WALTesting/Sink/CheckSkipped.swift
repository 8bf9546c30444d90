/// An error that skips a check whose requirements the fixture doesn't meet.
struct CheckSkipped: Error {
    let reason: String
}
