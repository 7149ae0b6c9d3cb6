#include "apps/cli/server_sentences.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace hikyaku::cli {
namespace {

struct Row {
  std::string_view en;  // {} stands for anything
  std::string_view ja;  // {1} for the first of them
};

// More words before fewer, where one fits what another is for.
constexpr Row rows[] = {
    {"\"{}\" is not a domain name; write one such as example.jp.", "「{1}」はドメイン名ではない。example.jp のように書く。"},
    {"\"{}\" is not a network; write one such as 192.0.2.0/24 or 2001:db8::/32.", "「{1}」はネットワークではない。192.0.2.0/24 や 2001:db8::/32 のように書く。"},
    {"\"{}\" is not an address a list can have; write name@domain.", "「{1}」はメーリングリストのアドレスにできない。name@domain の形で書く。"},
    {"\"{}\" is not an address an account can have; write user@domain.", "「{1}」はアカウントのアドレスにできない。user@domain の形で書く。"},
    {"\"{}\" is not an alias; write name@domain, prefix*@domain or *@domain.", "「{1}」は別名ではない。name@domain、prefix*@domain、*@domain のいずれかで書く。"},
    {"\"{}\" names no poster; write user@domain, *@domain or *@*.domain.", "「{1}」は投稿者の指定ではない。user@domain、*@domain、*@*.domain のいずれかで書く。"},
    {"\"{}\" names no sender; write user@domain, *@domain, *@*.domain or <>.", "「{1}」は送信者の指定ではない。user@domain、*@domain、*@*.domain、<> のいずれかで書く。"},
    {"\"{}\" selects no mail; write {}.", "「{1}」に当てはまるメールはない。次の形で書く: {2}"},
    {"A hold cannot start more than 60 days back; give a later --start.", "保留の開始は 60 日前より過去にできない。--start をもっと後にする。"},
    {"A hold needs a reason, for whoever looks at the queue later; give --reason.", "保留には、後でキューを見る人のための理由が要る。--reason を指定する。"},
    {"A list cannot be a member of itself; leave {} out.", "メーリングリストは自分自身のメンバーになれない。{1} を除く。"},
    {"A list has at most 1,000 posters and 100 owners; name whole domains.", "メーリングリストの投稿者は 1,000 件、管理者は 100 件まで。ドメイン単位で指定する。"},
    {"A list has at most 50,000 members; make several, which a list of lists joins.", "メーリングリストのメンバーは 50,000 件まで。複数に分け、それらを束ねるリストを作る。"},
    {"A moderator is one person, so \"{}\" cannot be one; write user@domain.", "承認者は 1 人なので「{1}」は指定できない。user@domain の形で書く。"},
    {"Another route needs its host and port; give --other-route gw2.example.jp:25.", "別経路にはホストとポートが要る。--other-route gw2.example.jp:25 のように指定する。"},
    {"Bounces to the list itself would go to its members; give another address.", "リスト自身宛の不達通知はメンバーに届いてしまう。別のアドレスを指定する。"},
    {"Held by hold {}: {}", "保留 {1} により保留中: {2}"},
    {"Mail of an account cannot take another route; keep or refuse it.", "アカウント単位の保留では別経路を使えない。保管か拒否にする。"},
    {"Nobody could post: name who may with --poster.", "誰も投稿できない。--poster で投稿できる人を指定する。"},
    {"Others keep changing the directory; try again in a moment.", "ディレクトリが他から変更され続けている。少し待ってやり直す。"},
    {"Reason and owner are one line of at most 500 octets each; shorten them.", "理由と実施者はそれぞれ 1 行、500 バイトまで。短くする。"},
    {"Somebody else changed the route table meanwhile; look at it again and repeat your change.", "その間に他の人が経路表を変更した。内容を確認し、変更をやり直す。"},
    {"That time is past; end it now with: hikyaku hold release {}", "その時刻は過ぎている。今終えるには: hikyaku hold release {1}"},
    {"The alias {} has more than 1,000 targets; make a list of it.", "別名 {1} の転送先が 1,000 件を超える。メーリングリストにする。"},
    {"The alias {} has no such target; see: hikyaku alias list", "別名 {1} にその転送先はない。hikyaku alias list で確認する。"},
    {"The alias {} has no target; name at least one address.", "別名 {1} に転送先がない。1 件以上のアドレスを指定する。"},
    {"The alias {} leads to itself, and there is no account of that name to keep a copy; name other targets.", "別名 {1} が自分自身を指しており、控えを残す同名のアカウントもない。別の転送先を指定する。"},
    {"The bounce address \"{}\" is not an address; write user@domain.", "不達通知先「{1}」はアドレスではない。user@domain の形で書く。"},
    {"The change is made, but these services have not taken it up yet: {}; look at them with: hikyaku status", "変更したが、次のサービスがまだ取り込んでいない: {1}。hikyaku status で確認する。"},
    {"The description and the subject prefix are one line of at most 200 octets each; shorten them.", "説明と件名の接頭辞はそれぞれ 1 行、200 バイトまで。短くする。"},
    {"The forward of {} has more than 100 targets; make a mailing list of them.", "{1} の転送先が 100 件を超える。メーリングリストにする。"},
    {"The forward of {} has no target; name at least one address.", "{1} の転送に転送先がない。1 件以上のアドレスを指定する。"},
    {"The forward of {} leads to itself; to keep a copy in its mailbox, say so with --keep yes.", "{1} の転送が自分自身を指している。控えを残すには --keep yes を指定する。"},
    {"The forward of {} names more than 1,000 senders; name whole domains.", "{1} の転送の送信者指定が 1,000 件を超える。ドメイン単位で指定する。"},
    {"The hold would be over already; give a later --end.", "その保留は既に終わっている。--end をもっと後にする。"},
    {"The hold would end before it starts; give a later --end.", "保留の終了が開始より前になる。--end をもっと後にする。"},
    {"The member \"{}\" is not an address; write user@domain.", "メンバー「{1}」はアドレスではない。user@domain の形で書く。"},
    {"The network {} is not listed; see: hikyaku network list", "ネットワーク {1} は登録されていない。hikyaku network list で確認する。"},
    {"The owner \"{}\" is not an address; write user@domain.", "管理者「{1}」はアドレスではない。user@domain の形で書く。"},
    {"The secret must have 1 to 8,192 characters and no line ends; give the password or token alone.", "秘密情報は 1 から 8,192 文字で、改行を含められない。パスワードかトークンだけを渡す。"},
    {"The target \"{}\" is not an address; write user@domain.", "転送先「{1}」はアドレスではない。user@domain の形で書く。"},
    {"The user must be the name after login= in the route; write it as it stands there.", "ユーザーは経路の login= に書いた名前でなければならない。そのとおりに書く。"},
    {"There are 1,000 holds already; release those that are over, or use a pattern.", "保留が既に 1,000 件ある。済んだものを解除するか、パターンでまとめる。"},
    {"There is a domain {} already; nothing was changed.", "ドメイン {1} は既にある。何も変更していない。"},
    {"There is a list {} already; change it with: hikyaku list set {}", "メーリングリスト {1} は既にある。変更するには: hikyaku list set {2}"},
    {"There is a mailing list {}; choose another address.", "メーリングリスト {1} がある。別のアドレスにする。"},
    {"There is a mailing list {}; choose another name.", "メーリングリスト {1} がある。別の名前にする。"},
    {"There is an account {} already; choose another address.", "アカウント {1} は既にある。別のアドレスにする。"},
    {"There is an account {}; choose another address.", "アカウント {1} がある。別のアドレスにする。"},
    {"There is an alias {}; remove it or choose another address.", "別名 {1} がある。削除するか、別のアドレスにする。"},
    {"There is no account {}; see: hikyaku account list", "アカウント {1} はない。hikyaku account list で確認する。"},
    {"There is no alias {}; see: hikyaku alias list", "別名 {1} はない。hikyaku alias list で確認する。"},
    {"There is no domain {}; add it with: hikyaku domain add {}", "ドメイン {1} はない。追加するには: hikyaku domain add {2}"},
    {"There is no hold {}; see: hikyaku hold list --ended", "保留 {1} はない。hikyaku hold list --ended で確認する。"},
    {"There is no list {}; see: hikyaku list list", "メーリングリスト {1} はない。hikyaku list list で確認する。"},
    {"There is no route for {}; see: hikyaku route list", "{1} の経路はない。hikyaku route list で確認する。"},
    {"There is no secret of {}; see: hikyaku route secret", "{1} の秘密情報はない。hikyaku route secret で確認する。"},
    {"There is such a route already; see: hikyaku route list", "その経路は既にある。hikyaku route list で確認する。"},
    {"Too much would change at once; do it in smaller steps.", "一度に変更する量が多すぎる。小さく分けて行う。"},
    {"deliver did not understand the request: use the `hikyaku` of the running version", "deliver が要求を解釈できない。稼働中のものと同じ版の `hikyaku` を使う。"},
    {"deliver is busy: try again shortly", "deliver が処理中で応答できない。少し待ってやり直す。"},
    {"line {}: {}", "{1} 行目: {2}"},
    {"no server runs with the data folder {}. Remedy: start it with `hikyaku serve`, or name its settings with --config.", "データフォルダ {1} で稼働中のサーバはない。対処: `hikyaku serve` で開始するか、--config で設定ファイルを指定する。"},
    {"the order could not be written down: {}", "指示を記録できなかった: {1}"},
    {"the request makes no sense", "要求を解釈できない"},
    {"the server does not know the command \"{}\"; it may be of another version.", "サーバはコマンド「{1}」を知らない。版が異なる可能性がある。"},
    {"the server hung up without an answer", "サーバが応答せずに切断した"},
    {"the server is busy with other commands. Remedy: try again.", "サーバは他のコマンドを処理中である。対処: やり直す。"},
    {"the server's answer makes no sense", "サーバの応答を解釈できない"},
    {"there is no such service. Remedy: `hikyaku service list` names them.", "そのようなサービスはない。対処: `hikyaku service list` で一覧できる。"},
    {"you may not command the server of {}. Remedy: run this as root or as the user it runs as.", "{1} のサーバに指示する権限がない。対処: root か、サーバの実行ユーザーで実行する。"},
    {"{} does not start: {}. Remedy: `hikyaku log --service {}`; it is tried again.", "{1} を開始できない: {2}。対処: `hikyaku log --service {3}` を見る。開始は再試行される。"},
    {"{} has accounts here, so it cannot become a relay domain; remove them first.", "{1} にはアカウントがあるため中継ドメインにできない。先に削除する。"},
    {"{} has begun, its start stays; change its end, or release it.", "{1} は始まっており、開始は変えられない。終了を変えるか、解除する。"},
    {"{} has not begun; take it back with: hikyaku hold remove {}", "{1} はまだ始まっていない。取り消すには: hikyaku hold remove {2}"},
    {"{} is over already; see: hikyaku hold show {}", "{1} は既に終わっている。hikyaku hold show {2} で確認する。"},
    {"{} has no forward; see: hikyaku account forward show", "{1} に転送はない。hikyaku account forward show で確認する。"},
    {"{} is a relay domain: its accounts are on another server; make it local first.", "{1} は中継ドメインで、アカウントは別のサーバにある。先にローカルドメインにする。"},
    {"{} is a relay domain: its lists are on another server; make it local first.", "{1} は中継ドメインで、メーリングリストは別のサーバにある。先にローカルドメインにする。"},
    {"{} is not configured. Remedy: give an address in [listen] to one of {}, then `hikyaku config reload`.", "{1} は設定されていない。対処: [listen] の {2} のどれかにアドレスを書き、`hikyaku config reload` を実行する。"},
    {"{} is not configured. Remedy: set [listen] metrics, [metrics] file, or [alarm] webhook, command or syslog, then `hikyaku config reload`.", "{1} は設定されていない。対処: [listen] の metrics、[metrics] の file、または [alarm] の webhook、command、syslog を設定し、`hikyaku config reload` を実行する。"},
    {"{} is not part of this version of Hikyaku.", "{1} はこの版の Hikyaku にはない。"},
    {"{} is over, but its time must stay out of retry periods; it goes by itself 120 days after its end.", "{1} は終わっているが、その期間を再送期限から除くため残す。終了の 120 日後に自動的に消える。"},
    {"{} is over; add a new one.", "{1} は終わっている。新しく追加する。"},
    {"{} is running; end it with: hikyaku hold release {}", "{1} は実施中である。終えるには: hikyaku hold release {2}"},
    {"{} is still {}.", "{1} はまだ {2} の状態である。"},
    {"{} is stopped. Remedy: `hikyaku service start {}`.", "{1} は停止している。対処: `hikyaku service start {2}`"},
    {"{} is too long for a local socket", "{1} はローカルソケットのパスとして長すぎる"},
    {"{} may not command this server. Remedy: run this as root.", "{1} にはこのサーバに指示する権限がない。対処: root で実行する。"},
    {"{} still has {} accounts, {} aliases and {} lists; remove them first.", "{1} にはアカウント {2} 件、別名 {3} 件、メーリングリスト {4} 件が残っている。先に削除する。"},
    {"Hold {}", "保留 {1}"},
};

constexpr std::string_view anything = "{}";
constexpr std::size_t most_depth = 3;  // "line 3: There is no domain ..."

// What stands at the places of {}, from the left the shortest that fits; nothing: the sentence is another.
std::optional<std::vector<std::string_view>> match(std::string_view pattern, std::string_view sentence) {
  std::vector<std::string_view> values;
  auto place = pattern.find(anything);
  if (!sentence.starts_with(pattern.substr(0, place))) return std::nullopt;
  if (place == std::string_view::npos) return sentence.size() == pattern.size() ? std::optional(values) : std::nullopt;
  sentence.remove_prefix(place);
  for (pattern.remove_prefix(place + anything.size());; pattern.remove_prefix(place + anything.size())) {
    place = pattern.find(anything);
    const auto words = pattern.substr(0, place);
    const bool last = place == std::string_view::npos;
    if (last && (sentence.size() < words.size() || !sentence.ends_with(words))) return std::nullopt;
    const auto end = last ? sentence.size() - words.size() : sentence.find(words);
    if (end == std::string_view::npos) return std::nullopt;
    values.push_back(sentence.substr(0, end));
    if (last) return values;
    sentence.remove_prefix(end + words.size());
  }
}

std::string translated(std::string_view sentence, std::size_t depth) {
  if (depth == most_depth) return std::string(sentence);
  for (const auto& row : rows) {
    const auto values = match(row.en, sentence);
    if (!values) continue;
    std::string text;
    for (std::size_t at = 0; at < row.ja.size(); ++at) {
      const bool is_place = row.ja[at] == '{' && at + 2 < row.ja.size() && row.ja[at + 2] == '}';
      if (!is_place) text += row.ja[at];
      else text += translated((*values)[static_cast<std::size_t>(row.ja[at + 1] - '1')], depth + 1), at += 2;
    }
    return text;
  }
  return std::string(sentence);
}

}  // namespace

std::string in_japanese(std::string_view sentence) { return translated(sentence, 0); }

}  // namespace hikyaku::cli
