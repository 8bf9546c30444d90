#if MySQL
    import TestSupport
    import Testing
    import WALTasks

    @testable import WALMySQL

    @Suite struct AddressTests {
        @Test(arguments: ["mysql:", "mariadb:", ""])
        func everyPart(_ scheme: String) throws {
            let address = try ServerAddress(
                scheme
                    + "//me%40here:p%3A%2F%25w@db.example:3307/my%20base?socket=/run/my%26.sock&tls=verified&tls_ca=/ca"
                    + "&connect_timeout=1&read_timeout=2&write_timeout=3")
            #expect(address.user == "me@here" && address.password == "p:/%w")
            #expect(address.host == "db.example" && address.port == 3307 && address.database == "my base")
            #expect(
                address.socket == "/run/my&.sock" && address.encryption == .verified && address.authorities == "/ca")
            #expect(address.connectTimeout == 1 && address.readTimeout == 2 && address.writeTimeout == 3)
            #expect(!address.description.contains("p:") && !address.description.contains("me@"))
        }

        @Test func defaults() throws {
            let address = try ServerAddress("//localhost/tasks")
            #expect(address.host == "localhost" && address.port == 3306 && address.database == "tasks")
            #expect(address.user == nil && address.password == nil && address.socket == nil)
            #expect(address.encryption == .preferred && address.connectTimeout == 5)
            #expect(try ServerAddress("//root@/tasks").host == "localhost")
            #expect(try ServerAddress("//root:@/tasks").password == "")
        }

        @Test func sixthVersionOfTheInternetProtocol() throws {
            let address = try ServerAddress("mysql://root@[::1]:3310/tasks")
            #expect(address.host == "::1" && address.port == 3310)
            #expect(try ServerAddress("mysql://[fe80::1]/tasks").host == "fe80::1")
        }

        @Test func passwordWithAnUnencodedAt() throws {
            let address = try ServerAddress("mysql://root:a@b@host/tasks")
            #expect(address.password == "a@b" && address.host == "host")
        }

        @Test(arguments: [
            "", "tasks", "http://root:hunter2@host/tasks", "mysql://root:hunter2@host", "mysql://root:hunter2@host/",
            "mysql://root:hunter2@host:0/tasks", "mysql://root:hunter2@host:65536/tasks",
            "mysql://root:hunter2@host:hunter2/tasks", "mysql://root:hunter2%zz@host/tasks",
            "mysql://root:hunter2%00@host/tasks", "mysql://root:hunter2%ff@host/tasks",
            "mysql://root:hunter2@[::1/tasks", "mysql://root:hunter2@[::1]x/tasks",
            "mysql://root:hunter2@host/tasks?socket", "mysql://root:hunter2@host/tasks?hunter2=1",
            "mysql://root:hunter2@host/tasks?tls=hunter2", "mysql://root:hunter2@host/tasks?read_timeout=0",
            "mysql://root:hunter2@host/tasks?read_timeout=hunter2", "mysql://root:hunter2@host/tasks?socket=%hunter2",
        ])
        func malformedIsRefusedWithoutThePassword(_ url: String) {
            do {
                _ = try ServerAddress(url)
                Issue.record("a malformed address was taken")
            } catch {
                #expect(error.code == .invalidArgument)
                #expect(!error.description.contains("hunter2"))
            }
        }

        @Test func refusedLoginDoesNotTellThePassword() async {
            let url = "mysql://root:hunter2@localhost/tasks?socket=/nonexistent/socket"
            let found = await error { try await MySQLTaskStore(url: url).ping() }
            #expect(found?.code == .connectionFailed && found?.isRetriable == true)
            #expect(found?.description.contains("hunter2") == false)
        }
    }
#endif
