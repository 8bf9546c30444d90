/// The fixture has nothing that the check needs.
struct CheckSkipped: Error {
    let reason: String
}
