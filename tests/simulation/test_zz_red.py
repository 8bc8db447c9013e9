import pytest
from dataclasses import replace
from tests.simulation.test_mutations import CASES
from tests.simulation.chaos import Chaos
from tests.simulation.mutations_dispatch import _writing, _Forgetful
from tocsin.ports import *
from tocsin.evaluation import head, opening, redo, worker
from tocsin.dispatch import group, waiting


class Ch:
    def __init__(s, db, f):
        s._db, s._f = db, f

    def __getattr__(s, n):
        return getattr(s._db, n)

    def write(s, w):
        return s._db.write(s._f(w))


def seal_keeps_seq(mp):
    real = head.seal
    mp.setattr(
        opening,
        "seal",
        lambda db, sh, read, tok: real(
            Ch(db, lambda w: replace(w, set={**w.set, "seq": read.seq}) if read else w), sh, read, tok
        ),
    )


def commit_no_sealed(mp):
    real = head.commit
    mp.setattr(
        worker,
        "commit",
        lambda db, r, a: real(Ch(db, lambda w: replace(w, condition=Equals("seq", r.seq))), r, a),
    )


def redo_unconditional(mp):
    real = redo.write
    mp.setattr(redo, "write", lambda db, *a: real(Ch(db, lambda w: replace(w, condition=None)), *a))


def mark_never_me(mp):
    real = head.mark
    mp.setattr(worker, "mark", lambda db, *a: real(_Forgetful(db), *a))


def seal_no_redo(mp):
    real = head.seal
    mp.setattr(
        opening,
        "seal",
        lambda db, sh, read, tok: real(
            Ch(
                db,
                lambda w: (
                    replace(w, condition=Every((Equals("seq", read.seq), Absent("sealed")))) if read else w
                ),
            ),
            sh,
            read,
            tok,
        ),
    )


def create_never_me(mp):
    real = head.create
    mp.setattr(opening, "create", lambda db, h: real(_Forgetful(db), h))


def waker_deletes(mp):
    real = waiting.wake_waiters
    import tests.simulation.system as S

    def f(db, q, s, now):
        w = real(db, q, s, now)
        for g in w:
            db.write(Delete(Key("dispatch", f"WAIT.{s}", g)))
        return w

    mp.setattr(S, "wake_waiters", f)


def due_kept(mp):
    _writing(mp, group, "claim", lambda w: replace(w, set={k: v for k, v in w.set.items() if k != "due"}))


def finish_any_wake_lost(mp):
    pass


@pytest.mark.parametrize(
    "m",
    [
        seal_keeps_seq,
        commit_no_sealed,
        redo_unconditional,
        mark_never_me,
        seal_no_redo,
        create_never_me,
        waker_deletes,
        due_kept,
    ],
    ids=lambda m: m.__name__,
)
def test_red(m, monkeypatch):
    m(monkeypatch)
    out = []
    for n, c in CASES.items():
        if "thousand" in n:
            continue
        try:
            c(monkeypatch)
        except BaseException as e:
            out.append((n, str(e)[:100]))
    for s in range(100):
        f = Chaos(s).run().faults
        if f:
            out.append((s, f[0][:150]))
    assert not out, out[:6]
