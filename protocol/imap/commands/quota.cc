// getquota = "GETQUOTA" SP quota-root-name, getquotaroot = "GETQUOTAROOT" SP mailbox       RFC 9208 §4.1
// One quota root, "", for the whole account; none when the account has no limit, for a root has a resource at least.
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {
namespace {

bool is_limited(const Quota& quota) { return quota.limit_octets || quota.limit_messages; }

void print_quota(Conversation& talk, const Quota& quota) {
  std::string resources;
  const auto resource = [&](std::string_view name, std::uint64_t used, std::uint64_t limit) {
    if (!resources.empty()) resources += ' ';
    resources += name;
    resources += ' ';
    print_number(resources, used);
    resources += ' ';
    print_number(resources, limit);
  };
  if (quota.limit_octets) resource("STORAGE", (quota.used_octets + 1023) / 1024, *quota.limit_octets / 1024);  // KiB
  if (quota.limit_messages) resource("MESSAGE", quota.used_messages, *quota.limit_messages);
  talk.untagged("QUOTA \"\" (" + resources + ")");
}

}  // namespace

Task<Reply> get_quota(Conversation& talk, Cursor arguments) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(root, parse_astring(arguments));
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  if (!root.empty()) co_return no("NONEXISTENT", "There is no such quota root");
  GetQuota request;
  auto quota = co_await talk.ask(std::move(request));
  if (!quota) co_return no(quota.error());
  if (!is_limited(*quota)) co_return no("NONEXISTENT", "There is no such quota root");
  print_quota(talk, *quota);
  co_return ok("Done");
}

Task<Reply> get_quota_root(Conversation& talk, Cursor arguments) {
  if (auto space = parse_space(arguments); !space) co_return bad(space.error());
  PARSE_OR_REFUSE(name, talk.parse_mailbox(arguments));
  if (auto end = parse_end(arguments); !end) co_return bad(end.error());
  GetQuota request;
  auto quota = co_await talk.ask(std::move(request));
  if (!quota) co_return no(quota.error());
  talk.out += "* QUOTAROOT ";
  talk.print_mailbox(name);
  talk.out += is_limited(*quota) ? " \"\"\r\n" : "\r\n";
  if (is_limited(*quota)) print_quota(talk, *quota);
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands
