#include "apps/cli/list/options.h"

#include "services/directory/mailing_list.h"

namespace hikyaku::cli {

using directory::Posting;

std::vector<Option> list_options() {
  return {{"ADDRESS", OptionKind::Argument, {"the list's address", "リストのアドレス"}},
          {"--posting", OptionKind::Value, {"who may post: anyone, members (as preset), listed (--poster), moderators (--poster; others' posts go to them)", "投稿できる人: anyone=誰でも、members=メンバー(既定)、listed=--poster だけ、moderators=--poster が承認者"}, {"anyone", "members", "listed", "moderators"}, true},
          {"--poster", OptionKind::Value, {"may post, or is a moderator: user@domain, *@domain, *@*.domain", "投稿できる人、または承認者: user@domain、*@domain、*@*.domain"}, {}, false, true},
          {"--owner", OptionKind::Value, {"gets what is for NAME-owner@, NAME-request@ and NAME-bounces@; otherwise the postmaster", "NAME-owner@、NAME-request@、NAME-bounces@ を受け取る人。省くと postmaster"}, {}, false, true},
          {"--bounces", OptionKind::Value, {"address that errors of the copies go to; otherwise NAME-bounces@", "配送エラーの送り先。省くと NAME-bounces@"}},
          {"--prefix", OptionKind::Value, {"put before the subject, such as [staff]", "件名の前に付ける文字([staff] など)"}},
          {"--reply-to", OptionKind::Value, {"whom answers go to", "返信先"}, {"poster", "list"}, true},
          {"--about", OptionKind::Value, {"a few words that say what the list is for", "リストの説明"}},
          {"--dry-run", OptionKind::Flag, {"only tell whether it could be", "できるかどうかだけを示す"}}};
}

void take_list_options(const Invocation& call, directory::MailingList& list) {
  const auto texts = [&](const char* option, std::vector<std::string>& to) {
    if (!call.has(option)) return;
    to = call.values(option);
    std::erase(to, "");
  };
  if (call.has("--posting"))
    for (const auto posting : {Posting::Anyone, Posting::Members, Posting::Listed, Posting::Moderators})
      if (directory::posting_name(posting) == call.value("--posting")) list.posting = posting;
  texts("--poster", list.posters);
  texts("--owner", list.owners);
  if (call.has("--bounces")) list.bounces = call.value("--bounces");
  if (call.has("--prefix")) list.subject_prefix = call.value("--prefix");
  if (call.has("--about")) list.about = call.value("--about");
  if (call.has("--reply-to")) list.reply_to_list = call.value("--reply-to") == "list" ? directory::Enabled::Yes : directory::Enabled::No;
}

void write_list(telemetry::JsonWriter& json, const directory::MailingList& list) {
  json.object().member("list", list.address).member("about", list.about).member("posting", directory::posting_name(list.posting));
  json.texts("posters", list.posters).texts("owners", list.owners).member("bounces", directory::bounce_address(list)).member("subject_prefix", list.subject_prefix);
  json.member("reply_to", list.reply_to_list == directory::Enabled::Yes ? "list" : "poster").member("members", std::uint64_t{list.members.size()});
  json.end_object();
}

std::string_view posting_words(const Invocation& call, Posting posting) {
  switch (posting) {
    case Posting::Anyone: return call.say({"anyone may post", "誰でも投稿できる"});
    case Posting::Members: return call.say({"members may post", "メンバーが投稿できる"});
    case Posting::Listed: return call.say({"listed senders may post", "指定した差出人だけが投稿できる"});
    case Posting::Moderators: return call.say({"moderated", "承認制"});
  }
  return {};
}

}  // namespace hikyaku::cli
