// Messages and keys of others (testdata/dkim): what they call right is right here, what they refuse is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "base/cursor.h"
#include "protocol/dkim/signing.h"
#include "protocol/dkim/test_mail.h"

namespace hikyaku::dkim {
namespace {

using namespace testing;

std::vector<std::filesystem::path> files(const std::filesystem::path& folder, std::string_view extension) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == extension && std::ranges::all_of(entry.path().stem().string().substr(0, 1), is_digit)) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

// "name: \" and the record on the lines that follow, up to an empty one
Zone chasquid_zone(const std::string& text) {
  Zone zone;
  std::string name, record;
  const auto put = [&] {
    if (name.empty()) return;
    auto& answer = zone[name];
    const auto value = std::string(trimmed(record));
    if (value == "TEMPERROR") answer.kind = KeyAnswer::Kind::Failure;
    else if (value != "PERMERROR") answer.kind = KeyAnswer::Kind::Records, answer.records.push_back(value);
    name.clear(), record.clear();
  };
  for (auto line : split(text, '\n')) {
    if (line.empty()) {
      put();
      continue;
    }
    if (name.empty()) {
      name = line.substr(0, line.find(':'));
      line.remove_prefix(name.size() + 1);
    }
    if (line.ends_with('\\')) line.remove_suffix(1);
    record += line;
  }
  put();
  return zone;
}

std::vector<std::string> chasquid_states(const std::string& text) {
  std::vector<std::string> states;
  constexpr std::string_view mark = "\"State\": \"";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    at += mark.size();
    states.push_back(text.substr(at, text.find('"', at) - at));
  }
  return states;
}

std::string chasquid_state(Outcome outcome) {
  if (outcome == Outcome::Pass) return "SUCCESS";
  return outcome == Outcome::TempError ? "TEMPFAIL" : "PERMFAIL";
}

TEST_CASE("chasquid's messages") {
  const auto folder = testdata("dkim/chasquid");
  if (folder.empty()) {
    MESSAGE("skipped: the messages are not here");
    return;
  }
  int count = 0;
  for (const auto& path : files(folder, ".msg")) {
    auto other = path;
    const auto zone = chasquid_zone(read_file(other.replace_extension(".dns").string()));
    const auto wanted = chasquid_states(read_file(other.replace_extension(".result").string()));
    std::vector<std::string> got;
    for (const auto& result : verify(crlf(read_file(path.string())), zone, {}, {.most_signatures = 5})) got.push_back(chasquid_state(result.outcome));
    CHECK_MESSAGE(got == wanted, path.filename().string());
    ++count;
  }
  CHECK(count == 11);
}

TEST_CASE("mail-auth's messages, whose signatures are all right") {
  const auto folder = testdata("dkim/mail-auth");
  if (folder.empty()) {
    MESSAGE("skipped: the messages are not here");
    return;
  }
  int count = 0, signatures = 0;
  for (const auto& path : files(folder, ".txt")) {
    const auto text = read_file(path.string());
    const auto gap = text.find("\n\n");
    Zone zone;
    for (const auto line : split(text.substr(0, gap), '\n')) zone[std::string(line.substr(0, line.find(' ')))] = one_record(std::string(line.substr(line.find(' ') + 1)));
    const auto results = verify(crlf(text.substr(gap + 2)), zone);
    CHECK_FALSE(results.empty());
    for (const auto& result : results) {
      CHECK_MESSAGE(result.outcome == Outcome::Pass, path.filename().string() << " " << result.domain << ": " << result.reason);
      ++signatures;
    }
    ++count;
  }
  CHECK(count == 6);
  MESSAGE(signatures << " signatures");
}

struct Dkimpy {
  std::string folder = testdata("dkim/dkimpy");
  [[nodiscard]] std::string file(const std::string& name) const { return read_file(folder + "/" + name); }
  [[nodiscard]] std::string record(const std::string& name) const { return std::string(trimmed(file(name))); }
};

TEST_CASE("dkimpy's signed messages") {
  const Dkimpy data;
  if (data.folder.empty()) {
    MESSAGE("skipped: the messages are not here");
    return;
  }
  const Zone zone{{"test._domainkey.football.example.com", one_record(data.record("test.txt"))},
                  {"brisbane._domainkey.football.example.com", one_record("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")},
                  {"sed._domainkey.test.ex", one_record(data.record("eximtest.dns"))}};
  struct Row {
    const char* name;
    std::vector<Outcome> want;
  };
  for (const auto& row : {Row{"rfc6376.signed.msg", {Outcome::Pass, Outcome::Pass}}, Row{"rfc6376.signed.rsa.msg", {Outcome::Pass}}, Row{"ed25519test2.msg", {Outcome::Pass}},
                          Row{"test.message.baddomain", {Outcome::PermError}}, Row{"rfc6376.msg", {}}}) {
    std::vector<Outcome> got;
    for (const auto& result : verify(crlf(data.file(row.name)), zone)) got.push_back(result.outcome);
    CHECK_MESSAGE(got == row.want, row.name);
  }
  // Folded in the middle of the word, and white space inside b=: what is wrong is only that the key is not here.
  CHECK(verify(crlf(data.file("test2.message")), {}).at(0).reason == "no key for signature");
}

TEST_CASE("dkimpy's keys sign, and its records verify or do not") {
  const Dkimpy data;
  if (data.folder.empty()) {
    MESSAGE("skipped: the keys are not here");
    return;
  }
  const auto outcome = [&](const std::string& key_file, const std::string& record_file) {
    const auto key = PrivateKey::read(data.file(key_file));
    REQUIRE_MESSAGE(key, key_file);
    SignTerms terms;
    terms.algorithm = key->algorithm(), terms.domain = "example.com", terms.selector = "test";
    const auto mail = crlf(data.file("test.message"));
    Message message({}, {terms.body()});
    message.feed(mail);
    message.end();
    const auto to_sign = prepare_signature(message, terms);
    REQUIRE(to_sign);
    return verify(to_sign->field(key->sign(to_sign->digest)) + mail, {{"test._domainkey.example.com", one_record(data.record(record_file))}}).at(0).outcome;
  };
  struct Row {
    const char *key, *record;
    Outcome want;
  };
  for (const auto& row : {Row{"test.private", "test.txt", Outcome::Pass}, Row{"test.private", "test2.txt", Outcome::Pass}, Row{"1024_testkey.key", "1024_testkey_wo_markers.pub.txt", Outcome::Pass},
                          Row{"1024_testkey.key", "1024_testkey_wo_markers.pub.rsa.txt", Outcome::Pass}, Row{"2048_testkey.key", "2048_testkey_wo_markers.pub.txt", Outcome::Pass},
                          Row{"2048_testkey.key", "2048_testkey_wo_markers.pub.rsa.txt", Outcome::Pass}, Row{"2048_testkey_PKCS8.key", "2048_testkey_PKCS8.key.pub.txt", Outcome::Pass},
                          Row{"ed25519test.key", "ed25519test.dns", Outcome::Pass}, Row{"test.private", "1024_testkey_wo_markers.pub.txt", Outcome::Fail}, Row{"test.private", "test_bad.txt", Outcome::PermError},
                          Row{"test.private", "badk.txt", Outcome::PermError}, Row{"test.private", "badversion.txt", Outcome::PermError}, Row{"test.private", "test_tlsrpt.txt", Outcome::PermError},
                          Row{"test.private", "ed25519test.dns", Outcome::PermError}, Row{"ed25519test.key", "test.txt", Outcome::PermError}, Row{"rfc8032_7_1.key", "ed25519test.dns", Outcome::Fail}})
    CHECK_MESSAGE(outcome(row.key, row.record) == row.want, row.key << " " << row.record);
}

}  // namespace
}  // namespace hikyaku::dkim
