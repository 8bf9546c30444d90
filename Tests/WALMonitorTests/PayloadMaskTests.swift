import Testing

@testable import WALMonitor

/// A secret on a page would reach caches, screenshots and other readers.
@Suite struct PayloadMaskTests {
    private let mask = PayloadMask(MonitorPayloads.isSecret)

    @Test(arguments: [
        (#"{"password":"x"}"#, #"{"password":"•••"}"#),
        (#"{"a":1,"token" : 12,"b":[1,2]}"#, #"{"a":1,"token" : "•••","b":[1,2]}"#),
        (#"{"api_key":{"a":["}"]},"b":2}"#, #"{"api_key":"•••","b":2}"#),
        (#"{"cardNumber":[1,[2]],"x":null}"#, #"{"cardNumber":"•••","x":null}"#),
        (#"{"secret":"a\"b,}","x":1}"#, #"{"secret":"•••","x":1}"#),
        (#"{"secret":tr"#, #"{"secret":"•••""#),
        (#"{"secret":"no end"#, #"{"secret":"•••""#),
        (#"{"body":"{\"password\":\"x\",\"n\":1}"}"#, #"{"body":"{\"password\":\"•••\",\"n\":1}"}"#),
        (
            #"{"body":"{\"password\":\"correct horse; battery\",\"n\":1}"}"#,
            #"{"body":"{\"password\":\"•••\",\"n\":1}"}"#
        ),
        (#"{"body":"{\"password\": \"a\\\"b c\"}"}"#, #"{"body":"{\"password\": \"•••\"}"}"#),
        (#"{"body":"{\"password\":\"\",\"n\":1}"}"#, #"{"body":"{\"password\":\"•••\",\"n\":1}"}"#),
        (#"{"line":"password=\"correct horse\" n=1"}"#, #"{"line":"password=\"•••\" n=1"}"#),
        (#"{"body":"{\"password\":\"no end"#, #"{"body":"{\"password\":\"•••"#),
        (#"{"body":"{\"password\":\"cut off","n":1}"#, #"{"body":"{\"password\":\"•••","n":1}"#),
        (#"{"body":"{\"tokens\":[\"a\",\"b]\"],\"n\":1}"}"#, #"{"body":"{\"tokens\":•••,\"n\":1}"}"#),
        (
            #"{"body":"{\"credentials\":{\"login\":\"u\",\"value\":[1,2]},\"n\":1}"}"#,
            #"{"body":"{\"credentials\":•••,\"n\":1}"}"#
        ),
        (#"{"body":"{\"tokens\":[\"cut off","n":1}"#, #"{"body":"{\"tokens\":•••","n":1}"#),
        (
            #"{"a":"{\"body\":\"{\\\"token\\\":\\\"x y\\\",\\\"n\\\":1}\"}"}"#,
            #"{"a":"{\"body\":\"{\\\"token\\\":\\\"•••\\\",\\\"n\\\":1}\"}"}"#
        ),
        (#"tokens=[a, "b]", c] rest"#, "tokens=••• rest"),
        (#"{"pass\u0077ord":"x"}"#, #"{"pass\u0077ord":"•••"}"#),
        (#"{"url":"/x?token=abc&n=1"}"#, #"{"url":"/x?token=•••&n=1"}"#),
        ("token=abc rest", "token=••• rest"),
        ("Authorization: Bearer abc.def rest", "Authorization: ••• rest"),
        ("token=Bearer Basic bearer abc rest", "token=••• rest"),
        ("token=Bearer", "token=•••"),
        (#"password: "hunter2" rest"#, "password: ••• rest"),
        (#"token="a b\"c" user=me"#, "token=••• user=me"),
        ("token='no end", "token=•••"),
        ("{'password': 'hunter2', 'n': 1}", "{'password': •••, 'n': 1}"),
        ("password => hunter2, n => 1", "password => •••, n => 1"),
        ("Authorization: Token 9944b rest", "Authorization: ••• rest"),
        ("Cookie: a=1; session=SECRET\nHost: x", "Cookie: •••\nHost: x"),
        (#"{"error":"Cookie: a=1; session=S","n":1}"#, #"{"error":"Cookie: •••","n":1}"#),
        ("password:hunter2,user=me", "password:•••,user=me"),
        ("the password is short", "the password is short"),
        (
            #"{"monkey":1,"keyboard":2,"tokens":3,"description":"a: b"}"#,
            #"{"monkey":1,"keyboard":2,"tokens":"•••","description":"a: b"}"#
        ),
        ("plain ümläut • text", "plain ümläut • text"),
        ("", ""),
    ])
    func valuesOfSecretKeysAreMasked(input: String, output: String) {
        #expect(mask.masked(input) == output)
    }

    /// Deep nesting and many quotes take no stack and little time.
    @Test func hostileTextsEnd() {
        for piece in ["\"", "\\\"", "{\"a\":", "[", "\"secret\":[", "token=", "a "] {
            let text = String(repeating: piece, count: 20_000)
            _ = mask.masked(text)
        }
        #expect(mask.masked("token=" + String(repeating: "Bearer ", count: 1_000_000)) == "token=•••")
    }

    @Test func aPolicyOfOnesOwnCounts() {
        #expect(
            PayloadMask { $0 == "customer" }.masked(#"{"customer":"x","token":"y"}"#)
                == #"{"customer":"•••","token":"y"}"#)
    }
}
