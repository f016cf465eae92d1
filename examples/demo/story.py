#!/usr/bin/python3
"""Plays a contact's life between a CRM and a help desk, and checks every decision in it.

Each step is real calls in a database of its own. Where the engine decides something else
than the story says, it ends there with exit code 1 and names the step.
"""
import datetime
import os
import sys

sys.dont_write_bytecode = True

import page                              # noqa: E402
import program                           # noqa: E402
from book import Book, literal           # noqa: E402
from play import Play, text_of           # noqa: E402

POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'policies',
                      'contact.json')
START = datetime.datetime(2026, 3, 2, 9, 0)
OPENING = """
    A contact lives in a CRM and in a help desk (support). Both may change it, each has an API
    and sends a webhook whenever something changes, by whomever. What follows are real calls;
    what a statement answered stands below it, beside the names of the columns. The clock at the
    right is the story's own."""


def crm(play, **changes):
    """The CRM's photograph of the contact; it sends the whole of it each time."""
    photograph = {'id': 'c_1', 'external_id': '4829',
                  'updated_at': f'{play.now:%Y-%m-%dT%H:%M:%SZ}', 'name': 'Ada Lovelace',
                  'email': 'ada@example.com', 'phone': '+1 415 555 0100', 'plan': 'gold',
                  'seats': 5}
    return {**photograph, **changes}


def support(**changes):
    """The help desk's: other names, other nesting, another word for the plan."""
    user = {'id': 'zd_991', 'external_id': '4829', 'name': 'Ada Lovelace',
            'email': 'ada@example.com', 'phone': '+14155550100', 'tier': 'tier_3', 'seats': 5}
    return {'user': {**user, **changes}}


def configure(play):
    with open(POLICY, encoding='utf-8') as file:
        policy = file.read().strip()
    page.heading('The policy: where each field stands, and who owns it')
    page.paragraph(OPENING)
    page.say()
    page.verbatim(f"SELECT sync_configure('contact', '{policy}');")
    play.book.run(f"SELECT sync_configure('contact', {literal(policy)})")
    play.moral("""The CRM owns e-mail address and plan. Nobody owns name, phone and seats: who
        changes one having seen its value is right, and a human decides where two did not know
        of each other. sync_policy('contact') says all of it in sentences.""")


def create(play):
    play.chapter('A new contact', """The CRM sends a contact that nobody knows yet, so the help
        desk must hear of it. A worker asks what there is to do, calls the help desk's API, and
        says what the help desk calls the contact. Then the help desk's own webhook comes.""")
    golden = {'name': 'Ada Lovelace', 'email': 'ada@example.com', 'phone': '+14155550100',
              'plan': 'gold', 'seats': 5}
    play.arrives('crm', crm(play), 'accepted', actor='grace', change_set=golden,
                 targets=['support'])
    play.delivers('support', golden, 'zd_991')
    play.later(seconds=2)
    play.arrives('support', support(), 'echo')
    play.moral("""The worker gets the payload in the help desk's own shape: its paths, its
        "tier_3" for gold. The key is for the API's idempotency header: a retry has the same.
        What comes back is our own write, and nobody is told of it.""")


def unchanged(play):
    play.chapter('Unchanged: another key order, another number form', """The CRM sends the same
        contact again, written in another way: other order, other spaces, a number with a
        fraction of zero, a capital, a telephone number with brackets.""", seconds=20)
    again = {'seats': 5.0, 'plan': 'gold', 'phone': '+1 (415) 555-0100',
             'email': ' Ada@Example.com', 'name': 'Ada  Lovelace'}
    play.arrives('crm', {**again, **{key: value for key, value in crm(play).items()
                                     if key not in again}}, 'unchanged')
    play.moral('Values are compared, not texts. Nothing was written, and nobody is called.')


def one_phone_number(play):
    play.chapter('One phone number changed', """Somebody in the CRM corrects the number. The CRM
        sends the whole contact, as ever. A worker takes the change, and calls the help desk's
        API; that has not answered yet.""", minutes=2)
    change = {'phone': '+14155550111'}
    play.arrives('crm', crm(play, phone='+1 415 555 0111'), 'accepted', {'phone': 'accepted'},
                 actor='grace', change_set=change, targets=['support'])
    row = play.claims('support', change)
    play.moral('One field changed, one field is sent.')
    return row


def echo_before_the_ack(play, row):
    play.chapter('The echo before the ack', """The help desk has stored the number and sends its
        webhook for it: our own write comes back. It arrives before the API's answer does, so
        nobody has told the book yet that the write succeeded.""", seconds=1)
    play.arrives('support', support(phone='+14155550111'), 'echo')
    play.acks(row)
    play.moral("""A write counts as ours from the moment a worker has it. The CRM is not told what
        it said itself.""")


def echo_after_the_ack(play):
    play.chapter('The echo after the ack', """The usual order: the API answers, and the webhook
        comes when it comes. Here the plan was lowered in the CRM; the help desk's webhook is
        two minutes late.""", minutes=2)
    change = {'plan': 'silver'}
    play.arrives('crm', crm(play, phone='+1 415 555 0111', plan='silver'), 'accepted',
                 {'plan': 'accepted'}, actor='grace', change_set=change, targets=['support'])
    play.delivers('support', change)
    play.later(minutes=2)
    play.arrives('support', support(phone='+14155550111', tier='tier_2'), 'echo',
                 {'plan': 'echo'})
    play.moral('Time decides nothing here, and no list of "our user": the value does.')


def echo_and_edit(play):
    play.chapter('An echo and an edit in one payload', """The plan becomes gold again, and is
        delivered. Before the help desk's webhook is sent, somebody there corrects the phone
        number: one payload holds our write and a human's edit.""", minutes=2)
    change = {'plan': 'gold'}
    play.arrives('crm', crm(play, phone='+1 415 555 0111'), 'accepted', {'plan': 'accepted'},
                 actor='grace', change_set=change, targets=['support'])
    play.delivers('support', change)
    play.later(seconds=5)
    edit = {'phone': '+14155550122'}
    play.arrives('support', support(phone='+14155550122'), 'accepted',
                 {'plan': 'echo', 'phone': 'accepted'}, actor='linus', change_set=edit,
                 targets=['crm'])
    play.delivers('crm', edit)
    play.moral("""The echo is taken out, the edit goes on. Dropping the payload as an echo would
        have lost it; passing it on whole would have sent the CRM its own plan.""")


def null_erases_nothing(play):
    play.chapter('A null that erases nothing', """The help desk's form has lost its field for
        seats, and says null.""", minutes=2)
    play.arrives('support', support(phone='+14155550122', seats=None), 'kept',
                 {'seats': 'kept'}, actor='linus')
    play.claims('crm', None)
    play.moral("""Only an owner's null erases, unless the policy says "nulls": "clear" for that
        field. Nothing goes to the CRM, and nothing is fought over in the help desk.""")


def non_owner_overruled(play):
    play.chapter('A non-owner overruled', """Somebody at the help desk changes the e-mail address,
        which the CRM owns.""", minutes=2)
    play.arrives('support', support(phone='+14155550122', seats=None, email='ada@home.example'),
                 'overruled', {'email': 'overruled'}, actor='linus', targets=['support'])
    play.delivers('support', {'email': 'ada@example.com'})
    (lost,) = play.call("""SELECT kind, status, current_value, incoming_value, incoming_system
FROM sync_conflict WHERE field = 'email'""")
    for column, value in lost.items():
        page.labelled(column, value)
    play.check('incoming_value', lost['incoming_value'], 'ada@home.example')
    play.check('status', lost['status'], 'resolved')
    play.moral("""The CRM's value goes back to the help desk, and the one that lost is kept where
        a human can find it.""")


def two_edits_merged(play):
    play.chapter('Two edits merged', """At the same time the name is changed at the help desk and
        the number of seats in the CRM. Neither has seen the other's edit.""", minutes=2)
    play.arrives('support', support(phone='+14155550122', seats=None, name='Ada King'),
                 'accepted', actor='linus', change_set={'name': 'Ada King'}, targets=['crm'])
    play.arrives('crm', crm(play, phone='+1 415 555 0122', seats=8), 'accepted',
                 actor='grace', change_set={'seats': 8}, targets=['support'])
    play.delivers('crm', {'name': 'Ada King'})
    play.delivers('support', {'seats': 8})
    play.moral("""Each system is sent the field that it lacks. The last photograph to arrive did
        not overwrite the other one.""")


def collision(play):
    play.chapter('A collision', """Ada calls twice. One colleague enters a new number in the CRM,
        another one another number at the help desk, before anybody has carried the first one
        over.""", minutes=15)
    play.arrives('crm', crm(play, name='Ada King', phone='+1 415 555 0133', seats=8),
                 'accepted', actor='grace', change_set={'phone': '+14155550133'},
                 targets=['support'])
    play.later(seconds=3)
    row = play.arrives('support', support(name='Ada King', phone='+14155550144', seats=8),
                       'conflict', actor='linus')
    play.claims('support', None)
    play.claims('crm', None)
    play.moral("""No guess, and no "last one wins" by clocks that never agreed: the field is
        frozen, so what was waiting is not handed out either. The rest of the contact goes on.""")
    return row['conflict_ids'][0]


def decision(play, conflict):
    play.chapter("A human's decision", """Somebody rings Ada up, and looks at the conflict.""",
                 minutes=10)
    (row,) = play.call(f"""SELECT base_value, sides, kind, revision
FROM sync_conflict WHERE id = {conflict}""")
    for column, value in row.items():
        page.labelled(column, value if isinstance(value, str) else text_of(value))
    (answer,) = play.call(f"SELECT sync_resolve({conflict}, winner => 'support', by => 'barbara', "
                          f"note => 'rang her up', revision => {row['revision']})")
    page.labelled('sync_resolve', str(answer['sync_resolve']).lower())
    play.check('sync_resolve', answer['sync_resolve'], True)
    play.claims('support', None)
    play.delivers('crm', {'phone': '+14155550144'})
    play.moral("""The help desk has that number already, so only the CRM is called. With
        "revision", nobody decides about something that has changed since they looked.""")


def at_rest(play):
    play.chapter('At rest', """Both systems send what they show now.""", minutes=2)
    play.arrives('crm', crm(play, name='Ada King', phone='+1 415 555 0144', seats=8), 'echo')
    play.arrives('support', support(name='Ada King', phone='+14155550144', seats=8), 'unchanged')
    play.claims('crm', None)
    play.claims('support', None)
    play.moral('They agree, and nothing waits.')


def golden_record(play):
    page.heading('What the book holds: the golden record')
    (record,) = play.call("SELECT version, data FROM sync_record WHERE record_key = '4829'")
    page.labelled('version', str(record['version']))
    page.labelled('data', text_of(record['data']))
    play.check('data', record['data'], {
        'name': 'Ada King', 'email': 'ada@example.com', 'phone': '+14155550144', 'plan': 'gold',
        'seats': 8})


def edits(play):
    page.heading('Who changed what')
    rows = play.call("""SELECT version, author, actor, change_set FROM sync_change
WHERE record_key = '4829' ORDER BY version""")
    for row in rows:
        page.labelled(f'v{row["version"]} {row["author"]}',
                      f'{text_of(row["change_set"])}, by {row["actor"]}')


def ledger(play):
    page.heading('The ledger: what crossed')
    rows = play.call("""SELECT direction, writes, change_set FROM sync_ledger
WHERE record_key = '4829' ORDER BY synced_at, direction""")
    for row in rows:
        times = f' x{row["writes"]}' if row['writes'] > 1 else ''
        page.labelled(f'{row["direction"]}{times}', text_of(row['change_set']))
    play.check('the sum of writes in the ledger', sum(row['writes'] for row in rows),
               len(play.sent))
    play.moral("""A row is a state that a target confirmed. The plan went from gold to silver and
        back, so one state was written twice: x2.""")


def never_sent(play):
    page.heading('What was never sent')
    counts = play.outcomes
    page.counted(counts['echo'], 'fields that were our own writes, come back')
    page.counted(counts['kept'], 'null of a system that does not own the field')
    for value, why in (('ada@home.example', 'belongs to the CRM, and the help desk changed it'),
                       ('+14155550133', 'lost a collision, by a human\'s decision')):
        page.counted(1, f'{value}, which {why}')
        play.check(f'sending {value}', [sent for sent in play.sent if value in text_of(sent)], [])
    page.counted(sum(play.verdicts[verdict] for verdict in ('unchanged', 'echo', 'kept')),
                 f'whole payloads, of {play.payloads}, that held nothing new for anybody')


def calls(play):
    page.heading('API calls')
    page.counted(len(play.sent), 'made, each with the changed fields alone')
    page.counted(play.payloads, 'where each payload is passed on whole, as a simple sync does')
    page.beside('(and each of those makes a webhook again, which is passed on, and so on)')
    page.say()
    page.say('The story went as it should; every verdict in it was checked.', 'bold')


def main():
    with Book() as book:
        play = Play(book, START)
        page.say('sync_ledger: two-way sync that is boring', 'bold')
        configure(play)
        create(play)
        unchanged(play)
        echo_before_the_ack(play, one_phone_number(play))
        echo_after_the_ack(play)
        echo_and_edit(play)
        null_erases_nothing(play)
        non_owner_overruled(play)
        two_edits_merged(play)
        decision(play, collision(play))
        at_rest(play)
        golden_record(play)
        edits(play)
        ledger(play)
        never_sent(play)
        calls(play)


if __name__ == '__main__':
    program.run(main)
