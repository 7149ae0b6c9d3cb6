#include "apps/cli/typed_command.h"

#include <doctest/doctest.h>

namespace hikyaku::cli {
namespace {

TEST_CASE("the log has a command with all that was given") {
  const std::vector<Option> options{{.name = "--reason", .kind = OptionKind::Value}, {.name = "--all"}, {.name = "PATTERN", .kind = OptionKind::OptionalArgument, .repeated = true},
                                    {.name = "--source", .kind = OptionKind::Value, .repeated = true}};
  CHECK(typed_command("policy remove", options, {}) == "policy remove");
  CHECK(typed_command("policy remove", options, {{"PATTERN", {"a.example", "b.example"}}}) == "policy remove a.example b.example");
  CHECK(typed_command("hold add", options, {{"--reason", {"it is rebuilt"}}, {"--all", {""}}, {"--source", {"x", "y"}}}) == "hold add --reason \"it is rebuilt\" --all --source x --source y");
  CHECK(typed_command("hold add", options, {{"--json", {""}}}) == "hold add");  // not its own
  for (std::size_t pad = 0; pad < 3; ++pad) {
    std::string many(900 + pad, 'x');
    for (int n = 0; n < 100; ++n) many += "あ";
    const auto text = typed_command("hold add", options, {{"--reason", {many}}});
    CHECK(text.size() <= longest_typed);
    CHECK(text.ends_with("あ ..."));
  }
}

TEST_CASE("who only looks has changed nothing; what is given to an option does not make it so") {
  for (const auto* typed : {"hold list", "hold show 3", "domain recipients list a.example", "queue list", "why a.example", "route explain x@a.example"}) CHECK_MESSAGE(only_looks(typed), typed);
  for (const auto* typed : {"hold add --reason list", "queue hold --reason \"the list is checked\"", "policy remove --source list", "policy allow a.example --note \"to show\"", "account set a@a.example --quota 1G"})
    CHECK_MESSAGE(!only_looks(typed), typed);
}

}  // namespace
}  // namespace hikyaku::cli
