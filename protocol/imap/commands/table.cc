#include <algorithm>
#include <array>

#include "protocol/imap/commands/commands.h"

namespace hikyaku::imap {
namespace {

using enum Expunges;
constexpr std::array table = std::to_array<CommandEntry>({
    {"APPEND", Authenticated, Tell, commands::append},
    {"CAPABILITY", Authenticated, Tell, commands::capability},
    {"CHECK", SelectedOnly, Tell, commands::noop},
    {"CLOSE", SelectedOnly, Tell, commands::close},
    {"COPY", SelectedOnly, Tell, commands::copy},
    {"CREATE", Authenticated, Tell, commands::create},
    {"DELETE", Authenticated, Tell, commands::remove},
    {"ENABLE", Authenticated, Tell, commands::enable},
    {"EXAMINE", Authenticated, Tell, commands::examine},
    {"EXPUNGE", SelectedOnly, Tell, commands::expunge},
    {"FETCH", SelectedOnly, Hold, commands::fetch},
    {"GETQUOTA", Authenticated, Tell, commands::get_quota},
    {"GETQUOTAROOT", Authenticated, Tell, commands::get_quota_root},
    {"ID", Authenticated, Tell, commands::id},
    {"IDLE", Authenticated, Tell, commands::idle},
    {"LIST", Authenticated, Tell, commands::list},
    {"LOGOUT", Authenticated, Tell, commands::logout},
    {"LSUB", Authenticated, Tell, commands::lsub},
    {"MOVE", SelectedOnly, Tell, commands::move},
    {"NAMESPACE", Authenticated, Tell, commands::name_space},
    {"NOOP", Authenticated, Tell, commands::noop},
    {"RENAME", Authenticated, Tell, commands::rename},
    {"SEARCH", SelectedOnly, Hold, commands::search},
    {"SELECT", Authenticated, Tell, commands::select},
    {"STATUS", Authenticated, Tell, commands::status},
    {"STORE", SelectedOnly, Hold, commands::store},
    {"SUBSCRIBE", Authenticated, Tell, commands::subscribe},
    {"UID COPY", SelectedOnly, Tell, commands::copy},
    {"UID EXPUNGE", SelectedOnly, Tell, commands::uid_expunge},
    {"UID FETCH", SelectedOnly, Tell, commands::fetch},
    {"UID MOVE", SelectedOnly, Tell, commands::move},
    {"UID SEARCH", SelectedOnly, Tell, commands::search},
    {"UID STORE", SelectedOnly, Tell, commands::store},
    {"UNSELECT", SelectedOnly, Tell, commands::unselect},
    {"UNSUBSCRIBE", Authenticated, Tell, commands::unsubscribe},
});
static_assert(std::ranges::is_sorted(table, {}, &CommandEntry::name));

}  // namespace

const CommandEntry* find_command(std::string_view name) {
  const auto entry = std::ranges::lower_bound(table, name, {}, &CommandEntry::name);
  return entry != table.end() && entry->name == name ? &*entry : nullptr;
}

}  // namespace hikyaku::imap
