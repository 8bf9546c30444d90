# A formula of Homebrew: brew install --formula Packaging/wal.rb, or in a tap of your own.
class Wal < Formula
  desc "Tool for crash-safe append-only logs"
  homepage "https://github.com/OWNER/swift-wal"
  url "https://github.com/OWNER/swift-wal.git", tag: "0.1.0"
  license "Apache-2.0"
  head "https://github.com/OWNER/swift-wal.git", branch: "main"

  depends_on "pkgconf" => :build
  depends_on xcode: ["26.4", :build]
  depends_on "cnats"
  depends_on "libpq"
  depends_on "lz4"
  depends_on macos: :tahoe
  depends_on "mariadb-connector-c"
  depends_on "simdjson"
  depends_on "sqlite"

  def install
    ENV["SWIFT_DETERMINISTIC_HASHING"] = "1"
    system "swift", "build", "--disable-sandbox", "-c", "release", "--enable-all-traits", "--product", "wal"
    bin.install ".build/release/wal"
    man1.install Dir["Packaging/man/*.1"]
    bash_completion.install "Packaging/completions/wal"
    zsh_completion.install "Packaging/completions/_wal"
    fish_completion.install "Packaging/completions/wal.fish"
    doc.install "Operations/alerts.yml", "Operations/dashboard.json"
  end

  test do
    pipe_output("#{bin}/wal append #{testpath}/log", "one\ntwo\n", 0)
    system bin/"wal", "verify", testpath/"log"
    assert_match "two", shell_output("#{bin}/wal dump #{testpath}/log")
  end
end
