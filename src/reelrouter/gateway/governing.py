"""What a workspace's rules make of a request, before anybody looks at it: one wish for routing; pure."""

from dataclasses import replace

from reelrouter.accounts.policy import Policy
from reelrouter.catalogue.request import ProviderWish, VideoRequest


def governed(request: VideoRequest, policy: Policy) -> VideoRequest:
    """The request as if its sender had asked for what the workspace asks for: of two rules, the stricter one."""
    wish = governed_wish(request.provider, policy)
    return request if wish is request.provider else replace(request, provider=wish)


def governed_wish(wish: ProviderWish, policy: Policy) -> ProviderWish:
    if policy.providers is None and not (policy.zdr or policy.strict or policy.sort):
        return wish  # most workspaces; a submit need not copy its request for nothing
    return replace(
        wish,
        allowed=policy.providers,
        zdr=wish.zdr or policy.zdr,
        require_parameters=wish.require_parameters or policy.strict,
        sort=wish.sort or policy.sort,
    )
